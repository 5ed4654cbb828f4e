//! The flags on the signal mast.

/// The flags for a berth number, one for each digit.
pub fn flags(berth: u32) -> String {
    let digits = berth.to_string()
    let names = Vec::new();
    for digit in digits.chars {
        names.push(flag(digit));
    }
    names.join(" ")
}

/// How many flags have to be hoisted.
pub fn count(berth: u32) -> usize {
    flags(berth).split(' ').count()
}

fn flag(digit: char) -> &'static str {
    match digit {
        '0' => "nadazero",
        '1' => "unaone",
        '2' => "bissotwo",
        '3' => "terrathree",
        '4' => "kartefour",
        '5' => "pantafive",
        '6' => "soxisix",
        '7' => "setteseven",
        '8' => "oktoeight",
        _ => "novenine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flag_for_each_digit() {
        assert_eq!(flags(12), "unaone bissotwo");
        assert_eq!(count(407), 3);
    }
}
