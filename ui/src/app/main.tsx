import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "@fontsource-variable/jetbrains-mono/wght-italic.css";
import "../style/tokens.css";
import "../style/base.css";
import "../style/frame.css";
import "../style/control.css";
import "../style/state.css";
import { tauriHost } from "../host/tauri";
import { start } from "./start";

start(tauriHost);
