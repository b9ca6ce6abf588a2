-- Deletes the thread.
--
-- Reply the encoded ids of the runs that made it.
--
-- Atomic, because what is put meanwhile belongs either to the old thread or to the new one.
local runs = run_ids()
redis.call('UNLINK', unpack(KEYS))
return runs
