-- What a summary was made for stays known when another answers for its key.
ALTER TABLE replays ADD COLUMN made_for TEXT NOT NULL DEFAULT '';
UPDATE replays SET made_for = summary_cache.key FROM summary_cache WHERE summary_cache.summary_id = replays.summary_id;
