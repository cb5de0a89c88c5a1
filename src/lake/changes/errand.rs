//! How is work on the lake as a whole done for a command? Its request is read, its answer left.

use serde_json::{Value, json};

use super::upkeep::Chore;
use crate::lake::commit::Lake;
use crate::lake::error::LakeError;
use crate::state::{Errand, Errands, Mode};
use crate::time::EventTime;

impl Lake {
    /// Does what waits, in order of name.
    ///
    /// # Errors
    /// When the folder of the requests cannot be used; what an errand itself meets goes into its
    /// answer.
    pub async fn work_off(&mut self, errands: &Errands, now: EventTime) -> Result<(), LakeError> {
        for id in errands.waiting()? {
            let answer = match errands.read(&id)? {
                Ok(errand) => match self.run_errand(errand, now).await {
                    Ok(done) => json!({"done": done}),
                    Err(error) => json!({"error": error.to_string(), "hint": error.hint()}),
                },
                Err(unknown) => json!({"error": unknown}),
            };
            errands.answer(&id, &answer)?;
        }
        errands.sweep();
        Ok(())
    }

    /// Does an errand; says what was done as JSON.
    ///
    /// # Errors
    /// As the work itself; see [`Lake::tend`] and [`Lake::vacuum`].
    pub async fn run_errand(&mut self, errand: Errand, now: EventTime) -> Result<Value, LakeError> {
        match errand {
            Errand::Compact { dry } => {
                self.do_chore(&Chore::Compact { gathered: 2 }, now, dry).await
            }
            Errand::Retain { retention, dry } => {
                let mut done = self.do_chore(&Chore::Retain(retention), now, dry).await?;
                let mode = if dry { Mode::Dry } else { Mode::Real };
                done["dead_letters"] = self.retain_letters(&retention, now, mode)?.into();
                self.retain_reviews(&retention, now, mode)?;
                Ok(done)
            }
            Errand::Vacuum { older_than_us, dry } => {
                let mode = if dry { Mode::Dry } else { Mode::Real };
                Ok(json!(self.vacuum(older_than_us, now, mode).await?))
            }
        }
    }

    async fn do_chore(
        &mut self,
        chore: &Chore,
        now: EventTime,
        dry: bool,
    ) -> Result<Value, LakeError> {
        if dry {
            return Ok(json!({"jobs": self.plan(chore, now)?}));
        }
        let mut jobs = Vec::new();
        while let Some(job) = self.tend(chore, now).await? {
            jobs.push(job);
        }
        Ok(json!({"jobs": jobs}))
    }
}
