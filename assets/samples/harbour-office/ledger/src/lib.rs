//! What goes in and out of the harbour's cash box.

/// One line of the ledger, in crowns.
pub enum Entry {
    Fee(u32),
    Repair(u32),
    Refund(u32),
}

/// What is in the box after all entries; money going out counts against it.
pub fn balance(entries: &[Entry]) -> i64 {
    entries
        .iter()
        .map(|entry| match entry {
            Entry::Fee(crowns) => i64::from(*crowns),
            Entry::Repair(crowns) => -i64::from(*crowns),
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_come_in_and_the_rest_goes_out() {
        let entries = [Entry::Fee(136), Entry::Repair(90), Entry::Refund(16)];
        assert_eq!(balance(&entries), 30);
    }
}
