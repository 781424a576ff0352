//! `/v1/webhooks/{id}/secret`: what signs a webhook's deliveries.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sigpost_core::json::View;
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::{Caller, convert, dto, etag, webhooks};
use crate::app::access::Operation;
use crate::app::{App, Change, DraftSecret, Error, Rotate, Rotated, SecretChange};
use crate::dialects::shared::{self, shaped};
use crate::domain::Timestamp;

/// A secret that takes another's place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSecret {
    /// Absent, one is generated and shown once.
    #[serde(default, rename = "secret")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1024)]
    _secret: IgnoredAny,
    /// From then on the new one signs the system's own header; at once if nothing is said.
    #[serde(default, deserialize_with = "shared::present")]
    #[schema(nullable = false, format = DateTime)]
    activate_at: Option<String>,
    /// Until then both sign `webhook-signature`; a day after `activate_at` if nothing is said, 30 days from now at most.
    #[serde(default, deserialize_with = "shared::present")]
    #[schema(nullable = false, format = DateTime)]
    retire_at: Option<String>,
}

/// Replace the secret
///
/// Until `activate_at` the old secret signs the system's own header, from then on the new one; until `retire_at` both
/// sign `webhook-signature`. So a receiver can change over at any time between. To let the old one go at once, make both
/// times the present. Without a body a secret is generated, which the answer shows once.
///
/// While `rotation` is not `null`, another replacement drops one of its two secrets at once: before its `activate_at` the
/// new one, after that the old one, although that was to sign until `retire_at`. The one that signs the system's own
/// header is the old one of the next rotation. Receivers that know only the one that is dropped refuse what comes.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/secret", operation_id = "replaceSecret", tag = "webhooks",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, format = "uuid", description = "The id of the webhook."),
        ("if-match" = Option<String>, Header, description = "Replaces it only if it has the version of this `etag`.")
    ),
    request_body = Option<NewSecret>,
    responses(
        (status = 200, description = "The webhook, with the secret if it was generated.", body = dto::Webhook,
            headers(("etag" = String, description = "Its version."))),
        RefusesCallers, RefusesBodies, Refuses<412>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn replace(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = webhooks::name(id)?;
    app.authorise(&principal, Operation::UpdateWebhook)?;
    let body = shared::read(body).await?;
    // Whoever may not see it is not told what is wrong with the request.
    app.read_webhook(&principal, name)?;
    let rotate = if body.is_empty() {
        Rotate { precondition: etag::if_match(&headers), secret: None, activate_at: None, retire_at: None }
    } else {
        let body = shared::parse(body).await?;
        Rotate { precondition: etag::if_match(&headers), ..rotate(body.view())? }
    };
    let Rotated { webhook, secret } = app.rotate_secret(&principal, name, rotate).await?;
    let shown = dto::Webhook {
        secret: secret.map(|text| text.to_string()),
        standard_secret: convert::standard_secret(&webhook),
        ..convert::webhook(&webhook, app.now())
    };
    Ok(etag::tagged(Json(shown).into_response(), &webhook))
}

fn rotate(body: View<'_>) -> Result<Rotate, Problem> {
    let NewSecret { _secret: _, activate_at, retire_at } = shaped(body)?;
    let given = shared::secret(body.get("secret"), DraftSecret::Generated);
    let secret = match given.map_err(|message| Error::invalid("secret", message))? {
        DraftSecret::Given(secret) => Some(secret),
        DraftSecret::Generated => None,
        DraftSecret::None => {
            return Err(Error::invalid("secret", "secret must not be null: DELETE takes it away").into());
        }
    };
    let (activate_at, retire_at) = (time("activate_at", activate_at)?, time("retire_at", retire_at)?);
    Ok(Rotate { precondition: crate::app::Precondition::None, secret, activate_at, retire_at })
}

fn time(member: &'static str, given: Option<String>) -> Result<Option<Timestamp>, Error> {
    let wrong = |_| Error::invalid(member, format!("{member} must be a time as in RFC 3339"));
    given.map(|text| text.parse()).transpose().map_err(wrong)
}

/// Take the secret away
///
/// From the next attempt on its deliveries carry no signature at all.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}/secret", operation_id = "deleteSecret", tag = "webhooks",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, format = "uuid", description = "The id of the webhook."),
        ("if-match" = Option<String>, Header, description = "Takes it away only if it has the version of this `etag`.")
    ),
    responses((status = 204, description = "It has none."), RefusesCallers, Refuses<412>, Refuses<503>)
)]
pub(super) async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let precondition = etag::if_match(&headers);
    let changed = app.update_webhook(&principal, webhooks::name(id)?, |webhook, _| {
        precondition.check(webhook)?;
        Ok(Change { secret: SecretChange::Clear, ..Change::default() })
    });
    let webhook = changed.await?;
    Ok(etag::tagged(StatusCode::NO_CONTENT.into_response(), &webhook))
}
