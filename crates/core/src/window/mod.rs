//! How much was said when? One-minute panes in event time, watermarks, rolling sums.
//!
//! Every rolling window is a sum of panes. A pane knows totals, never posts, so the order in
//! which posts arrive inside the allowed lateness, the cut of batches and the number of threads
//! leave no trace in it.

mod wording;
mod likeness;
mod sample;
mod observation;
mod totals;
mod sure;
mod pane;
mod copies;
mod answers;
mod volumes;
mod panes;
mod ahead;
mod stretch;
mod state;
mod watermark;

pub use ahead::Ahead;
pub use answers::{Overdue, Reply};
pub use likeness::Likeness;
pub use observation::{Observation, Originality, Timeliness};
pub use pane::{ClosedPane, PaneCell, PaneKey};
pub use panes::{WindowConfig, Windows};
pub use sample::{Exhibit, Sample};
pub use state::{PaneName, PaneState, WindowState};
pub use stretch::{Late, Mix, Window};
pub use totals::{Counts, Heard, Totals, TotalsState};
pub use watermark::{Recent, Watermark, WatermarkState};
pub use wording::{OwnWords, Wording};
