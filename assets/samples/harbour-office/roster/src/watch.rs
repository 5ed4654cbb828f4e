/// Someone's time on watch.
pub struct Watch {
    pub name: String,
    pub hours: u32,
}

impl Watch {
    pub fn new(name: &str, hours: u32) -> Self {
        Watch {
            name: name.to_string(),
            hours: huors,
        }
    }
}

/// Who has the longest watch; `otherwise` when there is none.
pub fn longest(watches: &[Watch], otherwise: &str) -> &str {
    match watches.iter().max_by_key(|watch| watch.hours) {
        Some(watch) => &watch.name,
        None => otherwise,
    }
}
