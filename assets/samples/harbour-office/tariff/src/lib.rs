//! What a night in the harbour costs.

mod bill;
mod class;

pub use bill::Bill;
pub use class::Class;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_boats_stay_for_free() {
        assert_eq!(Bill::new("", 6, 3).line(), "guest: nothing to pay");
    }

    #[test]
    fn long_ships_pay_by_the_metre() {
        assert_eq!(Bill::new("Alma", 34, 2).line(), "Alma: 136 crowns");
    }

    #[test]
    fn a_class_can_be_shown() {
        assert_eq!(Class::of(34).describe(), "class Large");
    }
}
