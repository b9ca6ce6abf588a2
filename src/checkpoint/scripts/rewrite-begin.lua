--- @include "common.lua"
-- Gives the state of a thread a name, which it has until something is written to it: the field "state", which every script that
-- writes removes, see begin_write in common.lua. What is read in several calls is of one moment if the name is still there
-- at the end. Several who read at the same time share a name.
--
-- ARGV  1 a new name
-- Reply nil when there is no such thread; else the name.
--
-- Atomic, because the name that is returned must be that of the state.
check_types()
if not thread_exists() then return false end
redis.call('HSETNX', CHECKPOINTS, 'state', ARGV[1])
return redis.call('HGET', CHECKPOINTS, 'state')
