//! Prints who is on watch.

mod watch;

use watch::{longest, Watch};

fn main() {
    let watches = [
        Watch::new("Ines", 4),
        Watch::new("Jonas", 6),
        Watch::new("Ines", 2),
    ];
    let hours = hours_by_name(&watches);
    for (name, total) in &hours {
        println!("{name}: {total} h");
    }
    println!("longest watch: {}", longest(&watches, "nobody"));
}

/// Hours on watch, by name.
fn hours_by_name(watches: &[Watch]) -> BTreeMap<String, u32> {
    let mut hours = BTreeMap::new();
    for watch in watches {
        *hours.entry(watch.name.clone()).or_insert(0) += watch.hours;
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_add_up() {
        let watches = [Watch::new("Ines", 4), Watch::new("Ines", 2)];
        assert_eq!(hours_by_name(&watches)["Ines"], 6);
    }

    #[test]
    fn the_longest_watch_wins() {
        let watches = [Watch::new("Ines", 4), Watch::new("Jonas", 6)];
        assert_eq!(longest(&watches, "nobody"), "Jonas");
        assert_eq!(longest(&[], "nobody"), "nobody");
    }
}
