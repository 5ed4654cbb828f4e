//! Which ship lies where.

mod quay;
mod ship;

pub use quay::Quay;
pub use ship::Ship;

#[cfg(test)]
mod tests {
    use super::*;

    fn quay() -> Quay {
        let mut quay = Quay::new("North quay", 120);
        quay.moor(Ship::new("Alma", 34));
        quay.moor(Ship::new("Brise", 51));
        quay
    }

    #[test]
    fn moored_ships_take_up_room() {
        assert_eq!(quay().free_metres(), 35);
    }

    #[test]
    fn a_ship_is_welcomed_by_name() {
        assert_eq!(
            ship::welcome(Ship::new("Alma", 34)),
            "Welcome, Alma! (Alma, 34 m)"
        );
    }
}
