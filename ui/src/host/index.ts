export type * from "./wire";
export { errorView, type Host, HostError, HostProvider, useHost } from "./host";
