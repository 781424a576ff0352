//! Tokens that were handed out, and when tokens were last used.

use rusqlite::{Connection, Row, params};

use super::rows::{Place, stored};
use super::state::Effect;
use super::transaction::Transaction;
use crate::domain::{IssuedToken, PublicId, TenantId, Timestamp, TokenHash, UserId};
use crate::storage::{Directory, StoreError};

const TOKENS: &str = "
    SELECT row_number() OVER () AS place, * FROM issued_token WHERE expires_at IS NULL OR expires_at > ?1";

const USES: &str = "SELECT row_number() OVER () AS place, hash, at FROM token_use";

const INSERT_TOKEN: &str = "
    INSERT INTO issued_token (public_id, hash, tenant, user, name, exchanged_for, issued_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const FORGET_EXPIRED: &str =
    "DELETE FROM token_use WHERE hash IN (SELECT hash FROM issued_token WHERE expires_at <= ?1)";

const SWEEP_TOKENS: &str = "DELETE FROM issued_token WHERE expires_at <= ?1";

const FORGET_REVOKED: &str = "
    DELETE FROM token_use WHERE hash IN
        (SELECT hash FROM issued_token WHERE tenant = ?1 AND (public_id = ?2 OR exchanged_for = ?2))";

/// Those it was exchanged for end with it.
const REVOKE_TOKEN: &str =
    "DELETE FROM issued_token WHERE tenant = ?1 AND (public_id = ?2 OR exchanged_for = ?2)";

const IS_ISSUED: &str = "SELECT 1 FROM issued_token WHERE tenant = ?1 AND public_id = ?2";

const FORGET_TOKENS: &str = "
    DELETE FROM token_use WHERE hash IN
        (SELECT hash FROM issued_token WHERE tenant = ?1 AND (?2 IS NULL OR user = ?2))";

const DELETE_TOKENS: &str = "DELETE FROM issued_token WHERE tenant = ?1 AND (?2 IS NULL OR user = ?2)";

const SAVE_USE: &str = "INSERT OR REPLACE INTO token_use (hash, at) VALUES (?1, ?2)";

impl Transaction<'_> {
    pub(super) fn issue_token(&mut self, token: &IssuedToken) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let IssuedToken { hash, public_id, tenant, user, name, exchanged_for, issued_at, expires_at } = token;
        self.execute(FORGET_EXPIRED, [now.as_microsecond()])?;
        self.execute(SWEEP_TOKENS, [now.as_microsecond()])?;
        self.execute(
            INSERT_TOKEN,
            params![
                public_id.as_bytes(),
                hash.as_bytes(),
                tenant.get(),
                user.as_str(),
                name,
                exchanged_for.as_ref().map(PublicId::as_bytes),
                issued_at.as_microsecond(),
                expires_at.map(Timestamp::as_microsecond)
            ],
        )?;
        let token = IssuedToken {
            issued_at: stored(*issued_at),
            expires_at: expires_at.map(stored),
            ..token.clone()
        };
        self.draft.effects.push(Effect::PutToken { token, now });
        Ok(())
    }

    pub(super) fn revoke_token(&mut self, named: &(TenantId, PublicId)) -> Result<bool, StoreError> {
        let (tenant, id) = named;
        let params = params![tenant.get(), id.as_bytes()];
        if !self.sql.prepare_cached(IS_ISSUED)?.exists(params)? {
            return Ok(false);
        }
        self.execute(FORGET_REVOKED, params)?;
        self.execute(REVOKE_TOKEN, params)?;
        self.draft.effects.push(Effect::RevokeToken { tenant: *tenant, id: *id });
        Ok(true)
    }

    /// Deletes the tokens of a tenant, or of one of its users. The directory is the caller's.
    pub(super) fn delete_tokens_of(&self, tenant: TenantId, user: Option<&UserId>) -> Result<(), StoreError> {
        let params = params![tenant.get(), user.map(UserId::as_str)];
        self.execute(FORGET_TOKENS, params)?;
        self.execute(DELETE_TOKENS, params)?;
        Ok(())
    }

    pub(super) fn save_token_uses(&mut self, uses: &[(TokenHash, Timestamp)]) -> Result<(), StoreError> {
        for (hash, at) in uses {
            self.execute(SAVE_USE, params![hash.as_bytes(), at.as_microsecond()])?;
        }
        self.draft.effects.push(Effect::SavedUses(uses.to_vec()));
        Ok(())
    }
}

/// Shows the tokens that were handed out, and when tokens were last used.
pub(super) fn load(sql: &Connection, directory: &Directory, now: Timestamp) -> Result<(), StoreError> {
    let mut statement = sql.prepare(TOKENS)?;
    let rows = statement.query_map([now.as_microsecond()], TokenRow::read)?;
    directory.load_tokens(rows.map(|row| row?.restore()).collect::<Result<_, StoreError>>()?);
    let mut uses = Vec::new();
    let mut statement = sql.prepare(USES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let place = Place::new("token_use", row.get("place")?);
        let hash = hash(place, row.get("hash")?)?;
        uses.push((hash, place.time("at", row.get("at")?)?));
    }
    directory.load_token_uses(&uses);
    Ok(())
}

fn hash(place: Place, bytes: Vec<u8>) -> Result<TokenHash, StoreError> {
    bytes.try_into().map(TokenHash::from_bytes).map_err(|_| place.column("hash"))
}

struct TokenRow {
    /// The table has no number of its own; this one only tells where a bad row stands in a listing.
    place: i64,
    public_id: Vec<u8>,
    hash: Vec<u8>,
    tenant: i64,
    user: String,
    name: String,
    exchanged_for: Option<Vec<u8>>,
    issued_at: i64,
    expires_at: Option<i64>,
}

impl TokenRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            place: row.get("place")?,
            public_id: row.get("public_id")?,
            hash: row.get("hash")?,
            tenant: row.get("tenant")?,
            user: row.get("user")?,
            name: row.get("name")?,
            exchanged_for: row.get("exchanged_for")?,
            issued_at: row.get("issued_at")?,
            expires_at: row.get("expires_at")?,
        })
    }

    fn restore(self) -> Result<IssuedToken, StoreError> {
        let place = Place::new("issued_token", self.place);
        let exchanged_for = self.exchanged_for.map(|id| place.public_id("exchanged_for", &id)).transpose()?;
        Ok(IssuedToken {
            hash: hash(place, self.hash)?,
            public_id: place.public_id("public_id", &self.public_id)?,
            tenant: TenantId::new(self.tenant),
            user: UserId::new(&self.user).ok_or_else(|| place.column("user"))?,
            name: self.name,
            exchanged_for,
            issued_at: place.time("issued_at", self.issued_at)?,
            expires_at: self.expires_at.map(|at| place.time("expires_at", at)).transpose()?,
        })
    }
}
