/// A ship that asks for a berth.
pub struct Ship {
    pub name: String,
    /// Length over all, in metres.
    pub length: u32,
}

impl Ship {
    pub fn new(name: &str, length: u32) -> Self {
        Ship {
            name: name.to_string(),
            length,
        }
    }
}

/// What the harbour master calls out when a ship comes in.
pub fn welcome(ship: Ship) -> String {
    let name = ship.name;
    let greeting = greet(name);
    format!("{greeting} ({name}, {} m)", ship.length)
}

fn greet(name: String) -> String {
    format!("Welcome, {name}!")
}
