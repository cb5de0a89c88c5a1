//! What is told of a report that comes by itself? Its figures, without any text of a post.

use serde_json::{Value, json};

use super::document::Report;
use super::heard::Coverage;
use crate::notify::{AlertState, Message, ReportOrder};
use crate::time::EventTime;

/// Most topics in a message; the report itself has more.
const TOPICS_MAX: usize = 15;

impl Report {
    /// The messages that tell `receivers` of a report that is due at an instant; each carries the order
    /// by which the report itself is made when it leaves. The same report for the same instant always
    /// has the same id.
    #[must_use]
    pub fn bulletins(
        &self,
        order: &ReportOrder,
        receivers: &[String],
        due: EventTime,
    ) -> Vec<Message> {
        let topics: Vec<Value> = self.topics.iter().take(TOPICS_MAX).map(figures).collect();
        let firing = self.alerts.iter().filter(|alert| alert.state == AlertState::Firing).count();
        let body = json!({
            "type": "report.ready",
            "timestamp": due.to_string(),
            "data": {
                "report": order.report,
                "from": self.span.from.to_string(),
                "to": self.span.to.to_string(),
                "zone": order.zone,
                "heard": match self.coverage {
                    Coverage::Whole => "whole",
                    Coverage::Part => "part",
                    Coverage::Nothing => "nothing",
                },
                "topics": topics,
                "more_topics": self.topics.len().saturating_sub(TOPICS_MAX),
                "alerts": self.alerts.len(),
                "alerts_firing": firing,
                "order": order,
            },
        });
        let (id, body) = (format!("rpt_{}.{}", order.report, due.0), body.to_string());
        let message = |receiver: &String| Message {
            id: id.clone(),
            receiver: receiver.clone(),
            at_us: due.0,
            body: body.clone(),
            subject: None,
        };
        receivers.iter().map(message).collect()
    }
}

fn figures(topic: &super::document::TopicReport) -> Value {
    let changes = &topic.changes;
    json!({
        "topic": topic.topic,
        "mentions": changes.now.volume.mentions,
        "negative": changes.now.volume.negative,
        "before": changes.then.map(|then| then.volume.mentions),
        "net": changes.now.net.map(|net| net.value),
        "net_change": changes.net_change.map(|change| change.value),
        "telling": changes.net_change.is_some_and(|change| change.is_telling()),
    })
}
