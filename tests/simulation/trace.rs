//! The story of a run, for people.

use std::fmt;

#[derive(Clone, Debug, Default)]
pub struct Trace(Option<Vec<String>>);

impl Trace {
    pub fn on() -> Self {
        Self(Some(Vec::new()))
    }

    pub fn add(&mut self, at: u64, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            let (seconds, millis) = (at / 1000, at % 1000);
            lines.push(format!("{seconds:>6}.{millis:03}  {}", line()));
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().flatten().try_for_each(|line| writeln!(f, "{line}"))
    }
}
