-- A watch has a number, and what belongs to one names it by that: not by three names that must agree in every query.
-- Tables are made anew, since no engine adds a primary key to one that stands. Foreign keys are off while this runs.

CREATE TABLE numbered_watch (
    id            INTEGER PRIMARY KEY,
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
    -- 1 while a check is under way, 2 once it compares: what a crash cut off is due again.
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
    -- Comparisons of a document that began and whose end was never recorded, and its name.
    begun         BIGINT NOT NULL DEFAULT 0,
    begun_of      TEXT,
    -- Until when the provider asked to be left in peace (Retry-After).
    wait_until    BIGINT,
    -- Since when it could not be judged, how often that began within a day, when the last of these times began and how
    -- long those before it were together, when people were told of it, and since when it can be judged again.
    unjudged_since   BIGINT,
    unjudged_from    BIGINT,
    unjudged_for     BIGINT NOT NULL DEFAULT 0,
    unjudged_times   BIGINT NOT NULL DEFAULT 0,
    unjudged_told_at BIGINT,
    judged_at        BIGINT,
    UNIQUE (integration, api, surface)
);
INSERT INTO numbered_watch (
    id, integration, api, surface, source, schedule, active, state, detail, failures, checked_at, succeeded_at, verified_at,
    full_at, changed_at, next_at, generation, leased, etag, last_modified, parts, latest, baseline, held, operations, rule_set,
    begun, begun_of, wait_until, unjudged_since, unjudged_from, unjudged_for, unjudged_times, unjudged_told_at, judged_at
) SELECT
    rowid, integration, api, surface, source, schedule, active, state, detail, failures, checked_at, succeeded_at, verified_at,
    full_at, changed_at, next_at, generation, leased, etag, last_modified, parts, latest, baseline, held, operations, rule_set,
    begun, begun_of, wait_until, unjudged_since, unjudged_from, unjudged_for, unjudged_times, unjudged_told_at, judged_at
FROM watch;
-- What belongs to a watch that is gone keeps its names: they get a row that rests.
INSERT INTO numbered_watch (integration, api, surface, source, schedule, active, next_at)
SELECT integration, api, surface, '', '', 0, 0
FROM (SELECT integration, api, surface FROM finding UNION SELECT integration, api, surface FROM notice) AS owner
WHERE NOT EXISTS (
    SELECT 1 FROM numbered_watch w WHERE w.integration = owner.integration AND w.api = owner.api AND w.surface = owner.surface
);
DROP TABLE watch;
ALTER TABLE numbered_watch RENAME TO watch;

-- What differs between baseline and latest: a state, not a log.
CREATE TABLE numbered_finding (
    watch     BIGINT NOT NULL REFERENCES watch (id),
    identity  TEXT NOT NULL,
    severity  TEXT NOT NULL,
    body      TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (watch, identity)
);
INSERT INTO numbered_finding (watch, identity, severity, body, opened_at)
SELECT w.id, f.identity, f.severity, f.body, f.opened_at FROM finding f
JOIN watch w ON w.integration = f.integration AND w.api = f.api AND w.surface = f.surface
ORDER BY f.rowid;
DROP TABLE finding;
ALTER TABLE numbered_finding RENAME TO finding;

CREATE TABLE numbered_notice (
    id         TEXT PRIMARY KEY NOT NULL,
    watch      BIGINT NOT NULL REFERENCES watch (id),
    opened_at  BIGINT NOT NULL,
    told_at    BIGINT NOT NULL,
    closed_at  BIGINT,
    closed_why TEXT,
    -- A change that comes and goes: how often it came back, and when it last came or went.
    flips      BIGINT NOT NULL DEFAULT 0,
    flipped_at BIGINT
);
INSERT INTO numbered_notice (id, watch, opened_at, told_at, closed_at, closed_why, flips, flipped_at)
SELECT n.id, w.id, n.opened_at, n.told_at, n.closed_at, n.closed_why, n.flips, n.flipped_at FROM notice n
JOIN watch w ON w.integration = n.integration AND w.api = n.api AND w.surface = n.surface
ORDER BY n.rowid;
DROP TABLE notice;
ALTER TABLE numbered_notice RENAME TO notice;
CREATE UNIQUE INDEX one_open_notice ON notice (watch) WHERE closed_at IS NULL;
CREATE INDEX notice_watch ON notice (watch);
