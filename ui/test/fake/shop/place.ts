// Where the shop is, and when.

export const folder = "/home/kim/data/shop";

export const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
