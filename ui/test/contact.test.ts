import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Contact } from "../src/data/contact";
import { FakeHost } from "./fake/host";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = () => new Promise<never>(() => undefined);

test("a host that answers a short question is not silent, however long another call takes", async () => {
  const host = new FakeHost({ connection_check: never });
  const contact = new Contact(host);
  void contact.call("connection_check", { folder: "/w", name: "slow" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(contact.state().answering).toBe(true);
  expect(host.calls.filter((call) => call.name === "settings_show").length).toBeGreaterThan(3);
});

test("a host that answers nothing is silent, and is back with its first answer", async () => {
  let free: (() => void) | undefined;
  const waits = () => new Promise<never>((_, refuse) => (free = () => refuse(new Error("late"))));
  const contact = new Contact(new FakeHost({ sync_status: never, settings_show: waits }));
  const changes = vi.fn();
  contact.watch(changes);
  void contact.call("sync_status", { folder: "/w" });
  await vi.advanceTimersByTimeAsync(7_900);
  expect(contact.state().answering).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(contact.state().answering).toBe(false);
  free?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(contact.state().answering).toBe(true);
  expect(changes).toHaveBeenCalledTimes(2);
});

test("nothing is asked while nothing is waited for", async () => {
  const host = new FakeHost();
  const contact = new Contact(host);
  await contact.call("sync_status", { folder: "/w" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(host.calls.map((call) => call.name)).toEqual(["sync_status"]);
});
