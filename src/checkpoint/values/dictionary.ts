/**
 * What most values and records have in common: the preset dictionary of everything that is packed as "p" or "q".
 *
 * A part of the storage format: whatever was packed needs these very bytes to be read. Another text is another
 * letter, see compression.ts.
 *
 * Deflate refers to near text in fewer bits than to text far back, so what is most frequent stands last: English words,
 * then what models write about a message, then the messages themselves, then records. None of it is more than a few kB, as
 * each call has to take it in.
 */
const WORDS =
  " information different following important questions available something everything together example without " +
  "between through because however another problem process project provide support company customer service account " +
  "business product payment request response message document table data file code function value number result results " +
  "search system model language user users world people should would could there these those where which while after " +
  "before about their first other right place again still every never under three number might great small large long " +
  "January February March April June July August September October November December Monday Tuesday Wednesday Thursday " +
  "Friday Saturday Sunday today tomorrow morning evening week weeks month months year years day days hours minutes time " +
  "times email phone address name price order orders date city country street hotel flight ticket weather temperature " +
  "looking working using being having getting making going needs wants used known called based given including such as " +
  "according to due to instead of as well as rather than more than less than at least a lot of kind of each of one of the " +
  "most of the some of the part of the end of the in order to be able to have to need to want to like to going to used to " +
  "it is important to it's a good idea to here are some of the here is a let me know if you have any questions " +
  "I'm sorry, but I can't I don't have access to I would like to Could you please tell me how to What is the How can I " +
  "help you with that? Thank you for your Please let me know if you need any further assistance. If you have any " +
  "questions, feel free to ask! Sure! Here's Certainly! Of course! Yes, you can No, it's not possible. For example, " +
  "However, the Additionally, In addition, This is the There is a There are They are You can also use the We have been It was " +
  "that's what they've doesn't isn't won't you're you'll I'll we'll can be will be has been have been would be should be " +
  "of the in the to the on the for the and the with the from the by the at the is the that the to be it is in a of a for a as a " +
  "with a this is that you if you and a can you do you are you when you what you your own our their his her its into over " +
  "only also just then than them very when what how who why all any new now not but out up so no or if my me we he she " +
  "tion ing ment ness able ible ally ated ation ations ities ity ous ive ful less ered er est ly. 's ed. es, \\n\\n- **1. " +
  "\\n\\n**\\n2. **\\n3. ** the and to of a in that is for on with as at be this have from it you are by was or will ";

const MODELS =
  '"Content-Type":"application/json","url":"https://www.http://.com/.org","title":"","description":"","properties":{' +
  '"type":"object"},"required":["type":"string","enum":[true,false,null,"status":"success","error":"result":"results":[{' +
  '"name":"","value":"","label":"","score":0.,"count":0,"total":0,"items":[{"created_at":"2026-01-01T00:00:00.000Z","updated_at":' +
  '"pageContent":"","metadata":{"source":"","page":1,"loc":{"lines":{"from":1,"to":"content":[{"type":"text","text":"","annotations":[]' +
  ',{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo,{"type":"tool_use","id":"toolu_01","name":"","input":{"' +
  '"type":"thinking","thinking":"","signature":"Eq"type":"reasoning","id":"rs_","summary":[{"type":"tool_result","tool_use_id":' +
  '"response_metadata":{"tokenUsage":{"promptTokens":0,"completionTokens":0,"totalTokens":0},"finish_reason":"tool_calls",' +
  '"model_provider":"openai","model_name":"gpt-4o-mini-2024-07-18gpt-4.1gpt-5","usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,' +
  '"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,' +
  '"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"system_fingerprint":"fp_","service_tier":"default"},' +
  '"additional_kwargs":{"model":"claude-sonnet-4-20250514","id":"msg_01","type":"message","role":"assistant","stop_reason":"end_turn",' +
  '"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{' +
  '"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":0,"service_tier":"standard"}},"gemini-2.5-flash' +
  '"finishReason":"STOP","safetyRatings":[],"usageMetadata":{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}' +
  ',"usage_metadata":{"output_tokens":0,"input_tokens":0,"total_tokens":0,"input_token_details":{"audio":0,"cache_read":0,"cache_creation":0},' +
  '"output_token_details":{"audio":0,"reasoning":0}},"finish_reason":"stop"}';

const MESSAGES =
  '{"__lc_escaped__":{"lc":2,"type":"undefined"},{"lc":2,"type":"constructor","id":["Set"],"method":null,"args":[[],"kwargs":{}' +
  ',"id":["langchain_core","messages","RemoveMessage"],"ChatMessage"],"role":"FunctionMessage"],' +
  '{"lc":1,"type":"constructor","id":["langchain_core","messages","SystemMessage"],"kwargs":{"content":"You are a helpful assistant. ' +
  '{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessageChunk"],"kwargs":{"content":"","tool_call_chunks":[{"index":0,' +
  '"additional_kwargs":{"tool_calls":[{"id":"call_","type":"function","function":{"name":"","arguments":"{\\"query\\":\\"\\"}"}}]},' +
  '"response_metadata":{"finish_reason":"tool_calls"},"tool_calls":[{"name":"search","args":{"query":""},"id":"call_","type":"tool_call"}],' +
  '"invalid_tool_calls":[]}},{"lc":1,"type":"constructor","id":["langchain_core","messages","ToolMessage"],"kwargs":{"status":"success",' +
  '"content":"","tool_call_id":"call_","name":"","artifact":{},"additional_kwargs":{},"response_metadata":{},"id":"';

const RECORDS =
  '"thread_id":"","checkpoint_ns":"","langgraph_step":"langgraph_node":"","langgraph_triggers":["run_id":"user_id":"assistant_id":"graph_id":' +
  '"counters_since_delta_snapshot":{"order":["v","id","ts","channel_values","channel_versions"]"source":"update","source":"fork",' +
  '{"checkpoint":{"ts":"2027-01-01T00:00:00.000Z","versions_seen":{"__input__":{},"__start__":{"__start__":1},"__interrupt__":{' +
  '"branch:to:model_request":"model_request":{"branch:to:model":"model":{"branch:to:agent":2},"agent":{"branch:to:tools":3},"tools":{"branch:to:' +
  '}},"versions":{"__start__":5,"messages":6,"branch:to:agent":7,"branch:to:tools":8,"branch:to:},"metadata":{"source":"input","step":-1,' +
  '"parents":{}},"channels":{"messages":"Aj","__start__":"Wj{\\"messages\\":[{\\"lc\\":1,\\"type\\":\\"constructor\\",\\"id\\":[\\"langchain_core\\",\\"messages\\",' +
  '\\"HumanMessage\\"],\\"kwargs\\":{\\"content\\":\\"\\",\\"additional_kwargs\\":{},\\"response_metadata\\":{}}}]}","__pregel_tasks":"Aj"}}"metadata":{"source":"loop","step":' +
  '9,"parents":{}},"channels":{"messages":"a+$0.1a$0+$1.","__pregel_tasks":"Aj","branch:to:agent":"Wjnull"}}' +
  '\n__interrupt__\nWj[{"value":"__resume__\nWj__error__\nWj__no_writes__\nWjnull__pregel_tasks\nWj{"node":"","args":{"' +
  "%7E__pregel_push%2C%20%7E__pregel_pull%2C%20__start__\nbranch%3Ato%3Aagent\nWjnull\nbranch%3Ato%3Amodel_request\nWjnull" +
  "\nbranch%3Ato%3Atools\nWjnull\nmessages\nWj%7E__pregel_pull%2C%20agent\nmessages\nAj" +
  '{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{"content":"","additional_kwargs":{},' +
  '"response_metadata":{},"id":"-4-8-9-a-b"}},{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"content":' +
  '"","tool_calls":[],"invalid_tool_calls":[],"additional_kwargs":{},"response_metadata":{}}}\nbranch%3Ato%3A';

export const DICTIONARY: Buffer = Buffer.from(WORDS + MODELS + MESSAGES + RECORDS, "latin1");
