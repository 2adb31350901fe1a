export { type ActionId, type ActionSpec, actionSpec, actions, keyCaps, type Scope } from "./list";
export {
  ActionProvider,
  ActionRegistry,
  type Offer,
  type OfferedAction,
  useAction,
  useOffer,
  useOffered,
  useRegistry,
} from "./registry";
export { above, navigate, parseRoute, type Route, routeHash, useRoute } from "./route";
export { useShortcuts } from "./shortcut";
export { useStartRun } from "./startRun";
