//! What do people see in a browser? Pages at `/`, made here as a whole, without a script's help.
//!
//! What a page shows are answers of `report`, drawn by `chart`. Nothing of it runs: the browser is
//! told to take styles and the one script from here, and nothing else.

mod words;
mod reasons;
mod assets;
mod viewer;
mod paint;
mod drawing;
mod proof;
mod page;
mod home;
mod topic;
mod forms;
mod mentions;
mod review;
mod alerts;
mod inbox;
mod topics;
mod goals;
mod sources;
mod settings;
mod sql;
mod login;

use axum::Router;
use axum::routing::{get, post};

use super::api::Api;
pub(super) use login::refused;
pub(super) use viewer::encode;

/// Reads all templates, which the first page would have to wait for.
pub(super) fn read_templates() {
    paint::ready();
}

/// The pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/", get(home::overview))
        .route("/topics", get(topics::topics).post(topics::keep))
        .route("/topics/{name}", get(topic::topic))
        .route("/mentions", get(mentions::mentions))
        .route("/mentions/{id}", get(mentions::mention))
        .route("/mentions/{id}/correction", post(review::take))
        .route("/review", get(review::review))
        .route("/alerts", get(alerts::alerts))
        .route("/alerts/{id}", get(alerts::alert))
        .route("/alerts/{id}/ack", post(forms::acknowledge))
        .route("/inbox", get(inbox::inbox))
        .route("/inbox/{id}", get(inbox::entry).post(inbox::change))
        .route("/service", get(inbox::service))
        .route("/silences", post(forms::silence))
        .route("/silences/{id}/end", post(forms::unsilence))
        .route("/goals", get(goals::goals))
        .route("/sources", get(sources::sources))
        .route("/sql", get(sql::sql))
        .route("/settings", get(settings::settings))
        .route("/login", get(login::form).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/assets/{name}", get(assets::give))
}
