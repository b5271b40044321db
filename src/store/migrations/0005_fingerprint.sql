-- What a notice was made of, as a digest that cannot collide; its id is a beginning of it that no other notice has. A notice of
-- before has its id for one.
ALTER TABLE notice ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
UPDATE notice SET fingerprint = id;
CREATE UNIQUE INDEX notice_fingerprint ON notice (fingerprint);
