/** The two chats that hold the conversation, by the last part of their key prefix, with their names for people. */
export const CHATS = { graph: "StateGraph", workflow: "functional API" };
export type ChatName = keyof typeof CHATS;
export const chatNames = Object.keys(CHATS) as ChatName[];

/** One thing that a user says, and what has to be true of the answer. */
export interface Turn {
  threadId: string;
  userId: string;
  says: string;
  proof?: {
    /** What a right answer shows, in words for people. */
    shows: string;
    holds(answer: string): boolean;
  };
}

const mentionsBob = (answer: string) => /\bBob\b/.test(answer);

/** Said in the first process. */
export const beforeRestart: Turn[] = [
  { threadId: "1", userId: "1", says: "Hi! Remember: my name is Bob" },
  {
    threadId: "2",
    userId: "1",
    says: "what is my name?",
    proof: { shows: "known in another thread", holds: mentionsBob },
  },
  {
    threadId: "3",
    userId: "2",
    says: "what is my name?",
    proof: { shows: "unknown to another user", holds: (answer) => !mentionsBob(answer) },
  },
];

/** Said in the second process. No memory holds these words: only the messages of thread 1 do. */
export const afterRestart: Turn[] = [
  {
    threadId: "1",
    userId: "1",
    says: "What was the first thing I told you in this conversation?",
    proof: {
      shows: "thread 1 goes on where it was",
      holds: (answer) => /remember\b.*\bmy name is Bob/i.test(answer),
    },
  },
];

/** What the store has to hold between the two processes: the memory of user 1, and nothing about user 2. */
export const memories: Record<string, string[]> = { "1": ["User name is Bob"], "2": [] };
