--[[ audit: adds an entry to the audit log.

KEYS[1] the log
ARGV[1] token, fresh for each entry    ARGV[2] the entry    ARGV[3] most entries to keep    ARGV[4] ms that the log lives after it

Returns how many were added: 0 or 1. An entry is written as '<seconds> <microseconds> <token> <entry>', the server's time.
A repeat adds nothing, unless 100 others came meanwhile.
]]
for _, entry in ipairs(redis.call('LRANGE', KEYS[1], -100, -1)) do
  if string.match(entry, '^%d+ %d+ (%x+) ') == ARGV[1] then return 0 end
end
local now = redis.call('TIME')
redis.call('RPUSH', KEYS[1], now[1] .. ' ' .. now[2] .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
