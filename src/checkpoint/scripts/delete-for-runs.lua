--- @include "common.lua"
--- @include "chunk-store.lua"
--- @include "registry.lua"
--- @include "remove.lua"
-- Removes the checkpoints of some runs, but for those that others need: a portion of them. To be called until it has finished.
-- A run that has none left leaves the index of the partition; one whose checkpoints others need stays there.
--
-- ARGV  1 how much to do, see remove.lua
--       2 '', then where to go on, as the reply before said
--       3 '', then a checkpoint to look at first, as the reply before said
--       4.. the encoded ids of the runs
-- Reply { how many checkpoints were removed, where to go on or '' at the end, a checkpoint to look at first or '' }.
--
-- Atomic, because a checkpoint goes only if nothing needs it, and nothing may begin to in between.
budget = tonumber(ARGV[1])
begin_write()
if not thread_exists() then
  -- All of it was lost, without a word.
  remove_from_indexes(THREAD, MAX_RUNS)
  return { 0, '', '' }
end

local is_of_runs = {}
for i = 4, #ARGV do is_of_runs[ARGV[i]] = true end

local function is_unwanted(_, header)
  return header ~= nil and is_of_runs[header.r] == true
end

-- Goes through the checkpoints of the runs, in each from the last on. Returns where to go on, and a checkpoint to look at first.
local function remove_runs(place)
  local at = place == '' and 4 or tonumber(string.match(place, '^%d+'))
  local from = place ~= '' and string.match(place, ':(.*)$') or nil
  for i = at, #ARGV do
    local beginning = 'r:' .. ARGV[i] .. ':'
    from = from or '(' .. beginning .. '\255'
    repeat
      local page = redis.call('ZREVRANGEBYLEX', INDEX, from, '[' .. beginning, 'LIMIT', 0, 20)
      for _, member in ipairs(page) do
        if budget <= 0 then return i .. ':' .. from end
        local field = string.sub(member, #beginning + 1)
        local record = redis.call('HGET', CHECKPOINTS, field)
        local header = record and intact_header(record)
        local rest
        if record and not header then
          -- Damaged: what is known is that it was of this run.
          rest = remove_unwanted(field, function() return true end)
        elseif header and header.r == ARGV[i] then
          rest = remove_unwanted(field, is_unwanted)
        else
          redis.call('ZREM', INDEX, member)
        end
        from = '(' .. member
        if rest then return i .. ':' .. from, rest end
      end
    until #page == 0
    forget_run_if_gone(ARGV[i])
    from = nil
  end
end

local place, rest = ARGV[2], ARGV[3] ~= '' and ARGV[3] or nil
local is_tidying = string.sub(place, 1, 2) == 't:'
if rest then rest = remove_unwanted(rest, is_unwanted) end
if not rest and not is_tidying then place, rest = remove_runs(place) end
if not rest and (is_tidying or not place) then
  place = tidy_all(is_tidying and string.sub(place, 3) or '')
  if place then place = 't:' .. place end
end
note_lost()
delete_if_empty()
return { removed, place or '', rest or '' }
