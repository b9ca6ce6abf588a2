import type { ComponentChildren } from "preact";
import { ApiError } from "../api.js";

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** An error, told to those who see and to those who listen. */
export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const refused = error instanceof ApiError && error.status === 401;
  return (
    <div class="failure" role="alert">
      <strong>{refused ? "This address is not allowed to read." : "That did not work."}</strong>
      <p class="prose">{error.message}</p>
      {onRetry && !refused && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Busy({ what }: { what: string }) {
  return (
    <p class="empty" role="status">
      Loading {what}…
    </p>
  );
}
