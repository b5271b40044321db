-- How much what a party was told of mattered: what matters more now is news, and what does not matter any more is taken back.
ALTER TABLE told ADD COLUMN severity TEXT NOT NULL DEFAULT 'breaking';
UPDATE told SET severity = COALESCE((
    SELECT f.severity FROM finding f JOIN notice n ON n.watch = f.watch WHERE n.id = told.notice AND f.identity = told.identity
), 'breaking');
-- What a letter does to the question whether its side has answered: it asks, leaves it as it was, or nothing is asked any more.
ALTER TABLE delivery ADD COLUMN question TEXT NOT NULL DEFAULT 'as-before';
UPDATE delivery SET question = 'asked' WHERE kind IN ('opened', 'updated');
UPDATE delivery SET question = 'nothing' WHERE kind = 'resolved';
