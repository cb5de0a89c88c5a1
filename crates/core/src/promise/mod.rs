//! By when was an answer promised? Hours of service, public holidays, and the time between.
//!
//! Pure calendar arithmetic in the zone of whoever answers. It does not know mentions or answers.

mod holidays;
mod region;
mod service;

pub use holidays::{easter, holidays};
pub use region::Region;
pub use service::{Closed, Service};
