/**
 * Whether every client runs every suite, as in `npm run test:long`. In `npm test` what a client cannot change is run with
 * one of them only.
 */
export const WHOLE_MATRIX = process.env.LANGGRAPH_REDIS_TEST_MATRIX === "whole";
