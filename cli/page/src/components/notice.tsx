import type { ComponentChildren } from "preact";
import { ApiError } from "../api.js";

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** An error, told to those who see and to those who listen. */
export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const refused = error instanceof ApiError && error.status === 401;
  const encrypted = error instanceof ApiError && error.code === "ENCRYPTION";
  const title = refused ? "This address is not allowed to read." : "That did not work.";
  return (
    <div class="failure" role="alert">
      <strong>{encrypted ? "Encrypted." : title}</strong>
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
