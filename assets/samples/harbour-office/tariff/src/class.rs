/// How large a ship is, for the price list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Small,
    Medium,
    Large,
}

impl Class {
    pub fn of(metres: u32) -> Class {
        match metres {
            0..=8 => Class::Small,
            9..=20 => Class::Medium,
            _ => Class::Large,
        }
    }

    pub fn crowns_a_metre(self) -> u32 {
        match self {
            Class::Small => 0,
            Class::Medium => 1,
            Class::Large => 2,
        }
    }

    pub fn describe(self) -> String {
        format!("class {:?}", self)
    }
}
