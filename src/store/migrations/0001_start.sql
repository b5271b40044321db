-- Times are milliseconds since the epoch, flags are 0 and 1, JSON is text: a band every engine speaks.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- Raw bytes as fetched, named by their SHA-256 and compressed with zstd.
CREATE TABLE snapshot (
    digest     TEXT PRIMARY KEY NOT NULL,
    size       BIGINT NOT NULL,
    body       BLOB NOT NULL,
    fetched_at BIGINT NOT NULL,
    fetched_from TEXT NOT NULL
);

-- One watched description and what is known of it.
CREATE TABLE watch (
    integration   TEXT NOT NULL,
    api           TEXT NOT NULL,
    surface       TEXT NOT NULL,
    source        TEXT NOT NULL,
    schedule      TEXT NOT NULL,
    active        BIGINT NOT NULL DEFAULT 1,
    state         TEXT NOT NULL DEFAULT 'new',
    detail        TEXT NOT NULL DEFAULT '',
    failures      BIGINT NOT NULL DEFAULT 0,
    checked_at    BIGINT,
    succeeded_at  BIGINT,
    verified_at   BIGINT,
    full_at       BIGINT,
    changed_at    BIGINT,
    next_at       BIGINT NOT NULL,
    -- Moves when something else than a check changes what a check has read: a check in flight is then done again.
    generation    BIGINT NOT NULL DEFAULT 0,
    -- 1 while a check is under way: what a crash cut off is due again.
    leased        BIGINT NOT NULL DEFAULT 0,
    etag          TEXT,
    last_modified TEXT,
    -- Validators of the other files of a description of several, as a JSON object by file.
    parts         TEXT NOT NULL DEFAULT '{}',
    latest        TEXT REFERENCES snapshot (digest),
    baseline      TEXT REFERENCES snapshot (digest),
    held          TEXT,
    -- `METHOD path` of every operation in the latest snapshot, as a JSON list: what declared uses are held against.
    operations    TEXT NOT NULL DEFAULT '[]',
    rule_set      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (integration, api, surface)
);

-- What differs between baseline and latest: a state, not a log.
CREATE TABLE finding (
    integration TEXT NOT NULL,
    api         TEXT NOT NULL,
    surface     TEXT NOT NULL,
    identity    TEXT NOT NULL,
    severity    TEXT NOT NULL,
    body        TEXT NOT NULL,
    opened_at   BIGINT NOT NULL,
    PRIMARY KEY (integration, api, surface, identity)
);

CREATE TABLE notice (
    id          TEXT PRIMARY KEY NOT NULL,
    integration TEXT NOT NULL,
    api         TEXT NOT NULL,
    surface     TEXT NOT NULL,
    opened_at   BIGINT NOT NULL,
    told_at     BIGINT NOT NULL,
    closed_at   BIGINT,
    closed_why  TEXT
);
-- What each party was last told under a notice: a finding is news to whoever does not know it.
CREATE TABLE told (
    notice   TEXT NOT NULL REFERENCES notice (id),
    side     TEXT NOT NULL,
    party    TEXT NOT NULL,
    identity TEXT NOT NULL,
    content  TEXT NOT NULL,
    PRIMARY KEY (notice, side, party, identity)
);

CREATE UNIQUE INDEX one_open_notice ON notice (integration, api, surface) WHERE closed_at IS NULL;

-- One rendered message to one recipient: the outbox.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY,
    notice      TEXT NOT NULL REFERENCES notice (id),
    kind        TEXT NOT NULL,
    side        TEXT NOT NULL,
    party       TEXT NOT NULL,
    name        TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    sender      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    message     BLOB NOT NULL,
    -- Waits until the delivery it stands in for turns out to be undeliverable.
    stands_in_for BIGINT REFERENCES delivery (id),
    token       TEXT,
    state       TEXT NOT NULL DEFAULT 'pending',
    attempts    BIGINT NOT NULL DEFAULT 0,
    next_at     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    sent_at     BIGINT,
    last_reply  TEXT
);
CREATE INDEX delivery_due ON delivery (state, next_at);
CREATE UNIQUE INDEX delivery_token ON delivery (token) WHERE token IS NOT NULL;

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    delivery    BIGINT NOT NULL REFERENCES delivery (id),
    started_at  BIGINT NOT NULL,
    finished_at BIGINT,
    outcome     TEXT,
    reply       TEXT
);
CREATE INDEX attempt_delivery ON attempt (delivery);

CREATE TABLE acknowledgement (
    notice TEXT NOT NULL REFERENCES notice (id),
    side   TEXT NOT NULL,
    party  TEXT NOT NULL,
    owner  TEXT NOT NULL,
    answer TEXT NOT NULL,
    fix_by TEXT,
    note   TEXT NOT NULL,
    -- When the letter was written that was answered: what came later was not part of it.
    letter_at BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (notice, side, party)
);

-- What happened, in words, for `driftd history`.
CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    at          BIGINT NOT NULL,
    integration TEXT NOT NULL,
    api         TEXT NOT NULL,
    kind        TEXT NOT NULL,
    text        TEXT NOT NULL
);
CREATE INDEX event_at ON event (at);
