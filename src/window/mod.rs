//! How much was said when? One-minute panes in event time, watermarks, rolling sums.
//!
//! Every rolling window is a sum of panes. A pane knows totals, never posts, so the order in
//! which posts arrive inside the allowed lateness, the cut of batches and the number of threads
//! leave no trace in it.

mod copies;
mod panes;
mod state;
mod totals;
mod watermark;

pub use panes::{
    ClosedPane, Observation, Originality, PaneCell, PaneKey, Sample, Timeliness, WindowConfig,
    Windows,
};
pub use state::{PaneState, WindowState};
pub use totals::{Counts, Totals, TotalsState};
pub use watermark::{Watermark, WatermarkState};
