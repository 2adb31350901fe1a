import { KeyRound } from "lucide-react";
import { useId } from "react";
import type { KeyringView } from "../../host";
import { Button, Icon, TextField } from "../../kit";
import { secretVariable } from "./form";
import type { SecretSpec } from "./kinds";

type SecretFieldProps = {
  secret: SecretSpec;
  name: string;
  /** Where the secret is now, in the host's word; null for a connection not saved yet. */
  kept: string | null;
  keyring: KeyringView | null;
  fault: string | undefined;
  /** What is being typed; null while the kept one stays. */
  value: string | null;
  onChange: (value: string | null) => void;
};

/** A secret: where it is kept, and a field for a new one. What is kept never comes back to the page. */
export function SecretField({ secret, name, kept, keyring, fault, value, onChange }: SecretFieldProps) {
  const id = useId();
  const { text, lines } = secret;
  const noKeyring = keyring !== null && !keyring.available;
  return (
    <>
      <label htmlFor={id}>{text}</label>
      <div className="control">
        {kept === "variable" ? (
          <div className="kept">
            <Icon of={KeyRound} small />
            <span className="cut">
              from <code>{secretVariable(name)}</code>
            </span>
          </div>
        ) : kept === "keyring" && value === null ? (
          <div className="kept">
            <Icon of={KeyRound} small />
            <span>stored in keyring</span>
            <Button look="quiet" compact onPress={() => onChange("")}>
              Replace
            </Button>
          </div>
        ) : lines ? (
          // A field of one line would lose the ends of the others.
          <textarea
            id={id}
            className="field mono lines masked"
            rows={4}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={fault !== undefined || undefined}
            placeholder={`-----BEGIN ${text.toUpperCase()}-----`}
            value={value ?? ""}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <TextField
            id={id}
            secret
            invalid={fault !== undefined}
            value={value ?? ""}
            placeholder={noKeyring ? "no keyring to keep it in" : "kept in the system keyring"}
            onChange={onChange}
          />
        )}
        {fault && (
          <span className="fault" role="alert">
            {fault}
          </span>
        )}
        {kept === "keyring" && value !== null && (
          <span>
            <Button look="quiet" compact onPress={() => onChange(null)}>
              Keep the stored one
            </Button>
          </span>
        )}
        {(noKeyring || kept === "unknown") && (
          <span className="note" role="note">
            {keyring?.message ?? "The keyring does not answer."} Or start Firn with the variable{" "}
            <code>{secretVariable(name || "NAME")}</code> set.
          </span>
        )}
      </div>
    </>
  );
}
