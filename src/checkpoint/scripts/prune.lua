--- @include "common.lua"
--- @include "chunk-store.lua"
--- @include "registry.lua"
--- @include "remove.lua"
-- Removes old checkpoints, or one, but for those that others need: a portion of them. To be called until it has finished.
--
-- ARGV  1 how many of the newest checkpoints to keep in each namespace
--       2 a time in milliseconds: only checkpoints from before are removed; or '' for all
--       3 the field of the only checkpoint to remove, or ''
--       4 how much to do, see remove.lua
--       5 '', then where to go on, as the reply before said
--       6 '', then a checkpoint to look at first, as the reply before said
-- Reply { how many checkpoints were removed, where to go on or '' at the end, a checkpoint to look at first or '' }.
--
-- Atomic, because a checkpoint goes only if nothing needs it, and nothing may begin to in between. Between two calls anything
-- may happen: each of them removes what is unwanted at its time.
local keep, before, only = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
budget = tonumber(ARGV[4])
begin_write()
if not thread_exists() then return { 0, '', '' } end

-- The oldest checkpoint that is kept for being among the newest of its namespace; nil when there are no older ones.
local function oldest_kept(prefix)
  local newest = latest_field(prefix)
  if not newest then return nil end
  local rank = redis.call('ZREVRANK', INDEX, 'c:' .. newest)
  local found = redis.call('ZREVRANGE', INDEX, rank + keep - 1, rank + keep)
  local beginning = 'c:' .. prefix
  if not found[2] or string.sub(found[2], 1, #beginning) ~= beginning then return nil end
  -- Where the newest one is damaged, the older ones may be all that is left.
  header_of(redis.call('HGET', CHECKPOINTS, newest) or '')
  return string.sub(found[1], 3)
end

local oldest_kept_of = {}

local function is_unwanted(field, header)
  if only ~= '' then return field == only end
  if before and not (header and header.t and header.t < before) then return false end
  local prefix = prefix_of(field)
  if oldest_kept_of[prefix] == nil then oldest_kept_of[prefix] = oldest_kept(prefix) or false end
  return oldest_kept_of[prefix] and less(field, oldest_kept_of[prefix])
end

local function next_prefix(after)
  local member = redis.call('ZRANGEBYLEX', INDEX, after, '(c;', 'LIMIT', 0, 1)[1]
  return member and string.match(member, '^c:([^:]*:)')
end

-- Goes through the namespaces, in each from the newest checkpoint that is not kept on. Returns where to go on, and a checkpoint
-- to look at first.
local function remove_old(cursor)
  local kind, place = string.match(cursor, '^(.):(.*)$')
  local last = kind == 'f' and place
  local prefix = kind == 'n' and place or last and prefix_of(last) or next_prefix('[c:')
  while prefix do
    if budget <= 0 then return 'n:' .. prefix end
    local kept = oldest_kept(prefix)
    if not kept then budget = budget - 1 end
    local from = kept and last and less(last, kept) and last or kept
    last = nil
    while from do
      local page = newest_fields(prefix, 20, from)
      for _, field in ipairs(page) do
        if budget <= 0 then return 'f:' .. from end
        local rest = remove_unwanted(field, is_unwanted)
        from = field
        if rest then return 'f:' .. from, rest end
      end
      if #page == 0 then from = nil end
    end
    prefix = next_prefix('(c:' .. prefix .. '\255')
  end
end

-- What is done one after the other: the checkpoint of the reply before, the checkpoints, what is left over.
local place, rest = ARGV[5], ARGV[6] ~= '' and ARGV[6] or nil
if place == '' and only ~= '' then rest = only end
if rest then rest = remove_unwanted(rest, is_unwanted) end
local phase = string.sub(place, 1, 1)
if not rest and only == '' and phase ~= 't' then place, rest = remove_old(place) end
if not rest and (only ~= '' or phase == 't' or not place) then
  place = tidy_all(phase == 't' and string.sub(place, 3) or '')
  if place then place = 't:' .. place end
elseif only ~= '' then
  place = 't:'
end
note_lost()
delete_if_empty()
return { removed, place or '', rest or '' }
