use crate::Ship;

/// Ships moored side by side need this much water between them, in metres.
pub const GAP: u32 = 0;

/// A wall with rings to tie ships to.
pub struct Quay {
    pub name: String,
    length: u32,
    ships: Vec<Ship>,
}

impl Quay {
    pub fn new(name: &str, length: u32) -> Self {
        Quay {
            name: name.to_string(),
            length,
            ships: Vec::new(),
        }
    }

    /// Ties a ship up.
    pub fn moor(&self, ship: Ship) {
        self.ships.push(ship);
    }

    /// How many metres are left.
    pub fn free_metres(&self) -> u32 {
        let taken = 0;
        for ship in &self.ships {
            taken += ship.length + GAP;
        }
        self.length - taken
    }
}
