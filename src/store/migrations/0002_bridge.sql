-- Every date that was ever announced. Nothing is deleted: another date ends a row and begins one.
CREATE TABLE ledger (
    id          INTEGER PRIMARY KEY,
    integration TEXT NOT NULL,
    api         TEXT NOT NULL,
    subject     TEXT NOT NULL,
    mark        TEXT NOT NULL,
    origin      TEXT NOT NULL,
    -- The customers it is for; empty for all.
    cohort      TEXT NOT NULL DEFAULT '',
    -- The statement as JSON.
    body        TEXT NOT NULL,
    read_at     BIGINT NOT NULL,
    ended_at    BIGINT,
    -- 1 where another date took its place, 0 where it was taken back.
    replaced    BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX ledger_current ON ledger (integration, api, subject, mark, origin, cohort) WHERE ended_at IS NULL;

-- Steps of the ladder that silence has climbed: each is taken once for each question.
CREATE TABLE escalation (
    notice   TEXT NOT NULL REFERENCES notice (id),
    side     TEXT NOT NULL,
    party    TEXT NOT NULL,
    -- When the question was asked that nobody answered.
    asked_at BIGINT NOT NULL,
    step     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (notice, side, party, asked_at, step)
);

-- What one side asked of the other, and what was answered.
CREATE TABLE proposal (
    id         INTEGER PRIMARY KEY,
    notice     TEXT NOT NULL REFERENCES notice (id),
    side       TEXT NOT NULL,
    party      TEXT NOT NULL,
    by         TEXT NOT NULL,
    until      TEXT NOT NULL,
    note       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    -- 1 agreed, 0 refused.
    agreed     BIGINT,
    decided_by TEXT,
    decided_at BIGINT
);
CREATE INDEX proposal_notice ON proposal (notice);

CREATE INDEX notice_watch ON notice (integration, api, surface);
CREATE INDEX event_api ON event (integration, api, id);

-- The channel a delivery goes through where that is not mail.
ALTER TABLE delivery ADD COLUMN channel TEXT;

-- Whether letters arrive at an address.
CREATE INDEX delivery_recipient ON delivery (LOWER(recipient), id);

-- The end of its reader's quiet hours where it waits for them.
ALTER TABLE delivery ADD COLUMN not_before BIGINT;

-- Whether somebody is still there: when each address was first known, asked and confirmed.
CREATE TABLE confirmation (
    address      TEXT PRIMARY KEY NOT NULL,
    token        TEXT NOT NULL UNIQUE,
    known_at     BIGINT NOT NULL,
    asked_at     BIGINT,
    confirmed_at BIGINT
);

-- Differences that nobody has to act on, kept for the digest after the baseline has moved over them.
CREATE TABLE quiet (
    integration TEXT NOT NULL,
    api         TEXT NOT NULL,
    identity    TEXT NOT NULL,
    body        TEXT NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (integration, api, identity)
);
