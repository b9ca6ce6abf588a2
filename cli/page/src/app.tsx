import type { About } from "./about.js";
import { get } from "./api.js";
import { Failure } from "./components/notice.js";
import { useSearchKey } from "./components/search-box.js";
import { visible } from "./format.js";
import { HealthView } from "./health/health-view.js";
import { MemoryView } from "./memory/memory-view.js";
import { type Route, useRoute } from "./route.js";
import { type Theme, useTheme } from "./theme.js";
import { ThreadsView } from "./threads/threads-view.js";
import { useLoad } from "./use-load.js";

const VIEWS: readonly [Route["view"], string][] = [
  ["threads", "Threads"],
  ["memory", "Memory"],
  ["health", "Health"],
];

export function App() {
  const route = useRoute();
  const about = useLoad("about", (signal) => get<About>("about", {}, signal));
  useSearchKey();
  return (
    <>
      <header class="bar">
        <span class="brand">langgraph-redis</span>
        <nav aria-label="Views">
          {VIEWS.map(([view, title]) => (
            <a key={view} href={`#view=${view}`} aria-current={view === route.view ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class="bar-space" />
        {about.data !== undefined && <Where about={about.data} />}
        <ThemeSwitch />
      </header>
      <main>
        {about.error !== undefined && <Failure error={about.error} onRetry={about.reload} />}
        {about.data !== undefined && <View route={route} about={about.data} />}
      </main>
    </>
  );
}

function View({ route, about }: { route: Route; about: About }) {
  if (route.view === "memory") return <MemoryView route={route} about={about} />;
  if (route.view === "health") return <HealthView />;
  return <ThreadsView route={route} about={about} />;
}

function Where({ about }: { about: About }) {
  return (
    <span class="where">
      <bdi class="mono" title={`${visible(about.server)}, key prefix ${visible(about.keyPrefix)}`}>
        {visible(about.server)} <span class="dim">{visible(about.keyPrefix)}</span>
      </bdi>
      <span class={`pill ${about.write ? "write" : ""}`}>{about.write ? "write" : "read-only"}</span>
    </span>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useTheme();
  return (
    <label class="theme">
      <span class="hidden">Colours</span>
      <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        <option value="auto">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
