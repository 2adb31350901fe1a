export { ActionButton, Button, Keys } from "./button";
export { CopyBlock, CopyButton, SameAsText } from "./copy";
export { Dialog } from "./dialog";
export { Choice, FilterField, Labelled, Segments, TextField } from "./field";
export { Finding, Fix, Trouble } from "./finding";
export { Glyph, Icon, WordGlyph } from "./icon";
export { Nothing, Waiting } from "./place";
export { Chip, Label, State, StateWord, toneClass } from "./state";
export { Value } from "./value";
