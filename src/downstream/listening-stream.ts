// Owns that one GET stream of a Streamable HTTP server is listened to, and no more. The SDK's transport opens one for each
// session and ends none: what belongs to a session that was lost would stay, and come back as a second one for the new.

interface Listening {
  readonly session: string | undefined;
  /** Where it would be resumed from. */
  lastEventId: string | undefined;
  /** What the server said since the one before it ended is not known, nor asked for. */
  readonly followsGap: boolean;
  /** Absent as long as the answer has not come. */
  letGo?: () => void;
}

export class ListeningStream {
  #current: Listening | undefined;
  /** Of the stream that ended last. */
  #endedAt: string | undefined;
  /** The last one that was open. */
  #opened: Listening | undefined;

  /** Whether a GET is about listening, and not about the rest of an answer to a POST. */
  isMeant(headers: Headers): boolean {
    const resumed = headers.get('last-event-id');
    return resumed === null || resumed === this.#endedAt;
  }

  /**
   * Undefined: this session is listened to already. Else what was listened to before is let go.
   * @param resumedFrom the event after which the server is asked to go on
   */
  begin(session: string | undefined, resumedFrom: string | undefined): Listening | undefined {
    if (this.#current && this.#current.session === session) return undefined;
    this.#current?.letGo?.();
    const isAgain = this.#opened !== undefined && this.#opened.session === session;
    const followsGap = isAgain && resumedFrom === undefined;
    this.#current = { session, lastEventId: resumedFrom, followsGap };
    return this.#current;
  }

  /** The same stream, which can be let go without its reader noticing: it would open another. */
  follow(listening: Listening, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    this.#opened = listening;
    let isGone = this.#current !== listening;
    listening.letGo = () => {
      isGone = true;
      // It is over for us, whatever becomes of the connection.
      reader.cancel().catch(() => undefined);
    };
    if (isGone) listening.letGo();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          // Nothing refers to the reader of a stream that never goes on: it is collected with it.
          if (isGone) return await new Promise(() => undefined);
          if (!done) return controller.enqueue(value);
          this.end(listening);
          controller.close();
        } catch (error) {
          this.end(listening);
          controller.error(error);
        }
      },
      cancel: (reason) => {
        this.end(listening);
        return reader.cancel(reason);
      },
    });
  }

  end(listening: Listening): void {
    if (this.#current !== listening) return;
    this.#current = undefined;
    this.#endedAt = listening.lastEventId;
  }
}
