import { useSession, useSessionMessages } from '@livekit/components-react'
import { TokenSource } from 'livekit-client'
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'

/** What LiveKit's own hook makes of the frames in the room. */
export interface ShownMessage {
  type: string | undefined
  text: string
}

declare global {
  interface Window {
    shown: ShownMessage[]
  }
}

const where = new URLSearchParams(location.search)
const tokens = TokenSource.literal({
  serverUrl: where.get('url') ?? '',
  participantToken: where.get('token') ?? '',
})

/** The smallest client that one can write with LiveKit's components, unmodified. */
function Messages() {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- its overloads look alike to the rule
  const session = useSession(tokens)
  const { start } = session
  useEffect(() => {
    void start({ tracks: { microphone: { enabled: false } } })
  }, [start])
  const { messages } = useSessionMessages(session)
  useEffect(() => {
    window.shown = messages.map(({ type, message }) => ({ type, text: message }))
  }, [messages])
  return <p data-count={messages.length} />
}

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<Messages />)
