import { render } from "preact";
import { takeToken } from "./api.js";
import { App } from "./app.js";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/content.css";
import "./styles/memory.css";
import "./styles/tree.css";

takeToken();
render(<App />, document.getElementById("app") as HTMLElement);
