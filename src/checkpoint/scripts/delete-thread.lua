-- Deletes the thread.
--
-- Reply the encoded ids of the runs that made it.
--
-- Atomic, because what is put meanwhile belongs either to the old thread or to the new one.
-- Also deletes keys that another program has written to: then the runs cannot be told.
local ok, runs = pcall(run_ids)
redis.call('UNLINK', unpack(KEYS))
return ok and runs or {}
