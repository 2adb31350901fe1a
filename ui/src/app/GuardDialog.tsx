import "./over.css";
import { type ReactNode, useCallback, useState } from "react";
import { GuardProvider, type Write } from "../data/guard";
import { Button, Dialog, Label, Swatch, TextField } from "../kit";

/** Gives the guard of production connections to everything below, and asks where it is called. */
export function Guarded({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ write: Write; answer: (agreed: boolean) => void } | null>(null);
  const guard = useCallback((write: Write) => new Promise<boolean>((answer) => setAsked({ write, answer })), []);
  return (
    <GuardProvider value={guard}>
      {children}
      {asked && (
        <GuardDialog
          write={asked.write}
          onAnswer={(agreed) => {
            setAsked(null);
            asked.answer(agreed);
          }}
        />
      )}
    </GuardProvider>
  );
}

/** Asks for the name of a production connection before anything is written into it. */
function GuardDialog({ write, onAnswer }: { write: Write; onAnswer: (agreed: boolean) => void }) {
  const { connection, what } = write;
  const [typed, setTyped] = useState("");
  const same = typed.trim() === connection.name;
  const agree = () => same && onAnswer(true);
  return (
    <Dialog
      title={
        <>
          Write into <Swatch color={connection.settings.color} />
          <code>{connection.name}</code>?
        </>
      }
      onClose={() => onAnswer(false)}
      leave="Leave it"
      foot={
        <Button look="primary" keys="Enter" unavailable={same ? null : `type ${connection.name} first`} onPress={agree}>
          Write into it
        </Button>
      }
    >
      <div className="body guard">
        <p>
          <Label text={connection.label} /> {what} writes into <code>{connection.address}</code>.
        </p>
        <p className="soft">Type the name of the connection to go on. Commands typed in a terminal do not ask.</p>
        <TextField label="Name of the connection" value={typed} onChange={setTyped} autoFocus onEnter={agree} />
      </div>
    </Dialog>
  );
}
