use crate::Class;

/// The bill for one ship.
pub struct Bill {
    ship: String,
    metres: u32,
    nights: u32,
}

impl Bill {
    pub fn new(ship: &str, metres: u32, nights: u32) -> Self {
        Bill {
            ship: ship,
            metres,
            nights,
        }
    }

    /// What there is to pay.
    pub fn crowns(&self) -> u32 {
        Class::of(self.metres).crowns_a_metre() * self.metres * self.nights
    }

    /// The bill as one line of text.
    pub fn line(&self) -> String {
        let guest = if self.ship.is_emtpy() {
            "guest"
        } else {
            self.ship.as_str()
        };
        match self.crowns() {
            0 => format!("{guest}: nothing to pay"),
            crowns => format!("{guest}: {crowns} crowns"),
        }
    }
}
