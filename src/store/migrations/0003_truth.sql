-- Comparisons of a document that began and whose end was never recorded: what the process died of is not done in the same
-- way for ever.
ALTER TABLE watch ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;
ALTER TABLE watch ADD COLUMN begun_of TEXT;
-- Until when the provider asked to be left in peace (Retry-After): a restart or a reload does not overrule it.
ALTER TABLE watch ADD COLUMN wait_until BIGINT;
-- Since when it could not be judged, how often that began within a day, when the last of these times began and how long
-- those before it were together, when people were told of it, and since when it can be judged again.
ALTER TABLE watch ADD COLUMN unjudged_since BIGINT;
ALTER TABLE watch ADD COLUMN unjudged_from BIGINT;
ALTER TABLE watch ADD COLUMN unjudged_for BIGINT NOT NULL DEFAULT 0;
ALTER TABLE watch ADD COLUMN unjudged_times BIGINT NOT NULL DEFAULT 0;
ALTER TABLE watch ADD COLUMN unjudged_told_at BIGINT;
ALTER TABLE watch ADD COLUMN judged_at BIGINT;

-- A change that comes and goes: how often it came back, and when it last came or went.
ALTER TABLE notice ADD COLUMN flips BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notice ADD COLUMN flipped_at BIGINT;

-- How the last try went, and since when the server refuses it for reasons that are not the recipient's.
ALTER TABLE delivery ADD COLUMN outcome TEXT;
ALTER TABLE delivery ADD COLUMN refused_since BIGINT;
-- Letters to one reader about one notice leave in order.
CREATE INDEX delivery_waiting ON delivery (notice, recipient, id) WHERE state = 'pending';
CREATE INDEX delivery_notice ON delivery (notice, side, party);
CREATE INDEX delivery_sender ON delivery (LOWER(sender));
CREATE INDEX delivery_sent ON delivery (sent_at) WHERE channel IS NULL;
CREATE INDEX delivery_stands_in ON delivery (stands_in_for) WHERE stands_in_for IS NOT NULL;
CREATE INDEX attempt_open ON attempt (delivery) WHERE finished_at IS NULL;

-- Why a notice is closed from the start, by its right name.
UPDATE notice SET closed_why = 'it asks nothing' WHERE closed_why = 'a digest';
