//! Who brings messages to people? A courier for each receiver, and the desk that decides what leaves.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::notify::{Courier, CourierStats, Desk, Manner, Outbox, Press, Receiver};

/// How long deliveries and silences rest when the outbox refuses.
const REFUSED: Duration = Duration::from_secs(5);
/// How long an attempt under way may take at the end; cut off, it is repeated under the same id.
const LAST_ATTEMPT: Duration = Duration::from_secs(2);

/// The tasks behind messages.
pub(super) struct Crew {
    couriers: Vec<JoinHandle<()>>,
    /// The desk, and who sends reports and measures goals.
    clerks: Vec<JoinHandle<()>>,
    ends: watch::Sender<bool>,
}

impl Crew {
    /// Begins deliveries.
    ///
    /// # Errors
    /// When the outbox refuses, or no connection could ever be made.
    pub(super) fn begin(
        receivers: &[Receiver],
        outbox: &Arc<Outbox>,
        bell: &Arc<Notify>,
        stats: &Arc<CourierStats>,
        desk: &Arc<Desk>,
        press: &Press,
    ) -> anyhow::Result<Self> {
        let (ends, ended) = watch::channel(false);
        let couriers = receivers.iter().map(|receiver| {
            let (outbox, bell, stats) = (Arc::clone(outbox), Arc::clone(bell), Arc::clone(stats));
            let manner = Manner { press: Some(press.clone()), ..Manner::default() };
            let courier = Courier::new(receiver.clone(), outbox, bell, stats, manner)?;
            let mut courier = courier.until(ended.clone());
            Ok(async move {
                while let Err(error) = courier.run().await {
                    tracing::error!(%error, "deliveries are paused; trying again");
                    tokio::time::sleep(REFUSED).await;
                }
            })
        });
        let couriers = couriers.collect::<anyhow::Result<Vec<_>>>()?;
        let couriers = couriers.into_iter().map(tokio::spawn).collect();
        Ok(Self { couriers, clerks: vec![spawn_desk(desk, bell, stats)], ends })
    }

    /// One more, who ends with them.
    pub(super) fn join(&mut self, clerk: JoinHandle<()>) {
        self.clerks.push(clerk);
    }

    /// Ends all of them. Attempts under way are waited for, but not long.
    pub(super) async fn end(self) {
        self.ends.send_replace(true);
        for clerk in self.clerks {
            clerk.abort();
            let _ = clerk.await;
        }
        let deadline = Instant::now() + LAST_ATTEMPT;
        for mut courier in self.couriers {
            if timeout_at(deadline, &mut courier).await.is_err() {
                courier.abort();
                let _ = courier.await;
            }
        }
    }
}

fn spawn_desk(desk: &Arc<Desk>, bell: &Arc<Notify>, stats: &Arc<CourierStats>) -> JoinHandle<()> {
    let (desk, bell, stats) = (Arc::clone(desk), Arc::clone(bell), Arc::clone(stats));
    tokio::spawn(async move {
        while let Err(error) = Arc::clone(&desk).run(Arc::clone(&bell), Arc::clone(&stats)).await {
            tracing::error!(%error, "silences are not applied for now; trying again");
            tokio::time::sleep(REFUSED).await;
        }
    })
}
