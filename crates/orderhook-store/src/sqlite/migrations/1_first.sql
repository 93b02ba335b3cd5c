-- The first schema.
--
-- Times are Unix milliseconds, UTC. Ids are AUTOINCREMENT wherever they are shown to anyone or kept
-- in memory, so that no id ever means two things. Secrets are sealed: key id, nonce, ciphertext.
--
-- Four tables carry a delivery: `event` and `attempt` only grow, `delivery` is the history of one
-- event on its way to one endpoint, and `queue` is small and hot: a row is there while the delivery
-- is pending and gone when it is finished.
--
-- Every index on `event`, `delivery` and `queue` is paid for by every publish. Those that exist:
--   event_by_merchant    a merchant's events are listed
--   event_by_time        old events are swept, and lists and replays are limited by time; appended to
--   event_by_order       an order's events are listed; card events don't pay for it
--   delivery_by_event    an event's deliveries are listed and swept; appended to
--   delivery_by_endpoint an endpoint's deliveries are listed
--   delivery_failed      failed deliveries are listed and replayed; an acknowledged one never enters it
--   queue_by_endpoint    what is due of an endpoint is claimed, in order, and counted
--   queue_by_order       the line of an order; card events don't pay for it

CREATE TABLE merchant (
    merchant_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- Lets a merchant's people in.
CREATE TABLE token (
    token_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id   INTEGER NOT NULL REFERENCES merchant,
    sha256        BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32), -- of the token, which is kept nowhere
    operator_id   INTEGER NOT NULL, -- `operator_id` of what is done with the token
    operator_name TEXT    NOT NULL, -- and `operator_name`
    created_at    INTEGER NOT NULL,
    revoked_at    INTEGER           -- NULL while it is good
) STRICT;
CREATE INDEX token_by_merchant ON token (merchant_id);

-- Lets in those who run the server.
CREATE TABLE operator_token (
    token_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    sha256     BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- What deliveries go to. A row is never removed, because the history refers to it.
CREATE TABLE endpoint (
    endpoint_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id   INTEGER NOT NULL REFERENCES merchant,
    kind          TEXT    NOT NULL CHECK (kind IN ('webhook', 'order_callback')),
    url           TEXT CHECK (kind = 'webhook' OR url IS NOT NULL), -- a webhook's address, if it has one; else the origin
    state         TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    state_reason  TEXT,    -- for a person
    state_since   INTEGER, -- NULL if it never had another state
    failing_since INTEGER, -- the first failure after the last acknowledgement
    deleted_at    INTEGER  -- NULL while it exists
) STRICT;
CREATE INDEX endpoint_by_merchant ON endpoint (merchant_id);
CREATE UNIQUE INDEX endpoint_by_origin ON endpoint (merchant_id, url) WHERE kind = 'order_callback';

CREATE TABLE webhook (
    webhook_id    INTEGER PRIMARY KEY REFERENCES endpoint,
    name          TEXT    NOT NULL,
    creator_id    INTEGER NOT NULL,
    creator_name  TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    operator_id   INTEGER NOT NULL, -- who changed it last
    operator_name TEXT    NOT NULL,
    changed_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE subscription (
    webhook_id INTEGER NOT NULL REFERENCES webhook,
    event_type TEXT    NOT NULL,
    PRIMARY KEY (webhook_id, event_type)
) STRICT, WITHOUT ROWID;

-- A row is only sealed anew by `rekey`: what it says never changes, and so it may be kept in memory.
CREATE TABLE signing_secret (
    secret_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant_id INTEGER NOT NULL REFERENCES merchant,
    webhook_id  INTEGER REFERENCES webhook, -- NULL: the merchant's own, for order-status pushes
    sealed      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER                     -- NULL for the newest; else when the overlap is over
) STRICT;
CREATE INDEX signing_secret_by_webhook ON signing_secret (webhook_id) WHERE webhook_id IS NOT NULL;
CREATE INDEX signing_secret_by_merchant ON signing_secret (merchant_id) WHERE webhook_id IS NULL;
CREATE INDEX signing_secret_by_expiry ON signing_secret (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE event (
    event_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    nonce       INTEGER NOT NULL, -- the random half of `webhook-id`, as the signed number of the same bits
    merchant_id INTEGER NOT NULL REFERENCES merchant,
    kind        TEXT    NOT NULL CHECK (kind IN ('card_event', 'order_status_change')),
    event_type  TEXT    NOT NULL,
    order_id    TEXT CHECK ((order_id IS NOT NULL) = (kind = 'order_status_change')),
    body        BLOB    NOT NULL, -- the exact bytes that every attempt sends
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX event_by_merchant ON event (merchant_id);
CREATE INDEX event_by_time ON event (created_at);
CREATE INDEX event_by_order ON event (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE delivery (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id    INTEGER NOT NULL REFERENCES event,
    endpoint_id INTEGER NOT NULL REFERENCES endpoint,
    url         TEXT,    -- an order's own address; NULL: the webhook's present one
    state       TEXT    NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'acknowledged', 'failed', 'cancelled')),
    finished_at INTEGER CHECK ((finished_at IS NULL) = (state = 'pending'))
) STRICT;
CREATE INDEX delivery_by_event ON delivery (event_id);
CREATE INDEX delivery_by_endpoint ON delivery (endpoint_id);
CREATE INDEX delivery_failed ON delivery (state) WHERE state = 'failed';

-- The deliveries that are pending.
CREATE TABLE queue (
    delivery_id       INTEGER PRIMARY KEY REFERENCES delivery,
    endpoint_id       INTEGER NOT NULL,           -- that of the delivery
    order_key         TEXT,                       -- the merchant and the order; NULL for a card event
    place             INTEGER CHECK ((place IS NULL) = (order_key IS NULL)), -- in the order's line
    due               INTEGER,                    -- the next attempt; while leased, the end of the lease; NULL: waits for the order's push before it
    lease             INTEGER CHECK (lease IS NULL OR due IS NOT NULL),      -- the token of whoever attempts it now
    schedule_position INTEGER NOT NULL DEFAULT 0  -- attempts since it was published or replayed
) STRICT;
CREATE INDEX queue_by_endpoint ON queue (endpoint_id, due);
CREATE UNIQUE INDEX queue_by_order ON queue (order_key, place) WHERE order_key IS NOT NULL;

CREATE TABLE attempt (
    delivery_id  INTEGER NOT NULL REFERENCES delivery,
    attempt      INTEGER NOT NULL CHECK (attempt > 0),
    attempted_at INTEGER NOT NULL,
    duration_ms  INTEGER NOT NULL,
    outcome      TEXT    NOT NULL,
    status       INTEGER,          -- NULL where there was no answer
    reason       TEXT    NOT NULL, -- for a person
    answer       BLOB    NOT NULL, -- the first bytes of it
    PRIMARY KEY (delivery_id, attempt)
) STRICT, WITHOUT ROWID;

-- Calls that may be repeated. Written in the transaction of the call itself.
CREATE TABLE idempotency_key (
    idempotency_key_id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope              INTEGER NOT NULL, -- the merchant whose things the call changes; 0 for none
    operation          TEXT    NOT NULL, -- the `operationId`
    key                TEXT    NOT NULL,
    request_sha256     BLOB    NOT NULL CHECK (length(request_sha256) = 32),
    sealed             BLOB    NOT NULL, -- the answer, as JSON; it can hold secrets
    created_at         INTEGER NOT NULL,
    UNIQUE (scope, operation, key)
) STRICT;
CREATE INDEX idempotency_key_by_time ON idempotency_key (created_at);
