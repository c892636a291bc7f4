export interface TalkPresses {
  toggleMicrophone: () => void
  hangUp: () => void
}

/** Shows the talk where the system shows what plays, with its presses; returns what takes it away again. */
export function announceTalk(title: string, artist: string, presses: TalkPresses): () => void {
  const session = mediaSession()
  if (session === undefined) return () => undefined
  session.metadata = new MediaMetadata({ title, artist })
  session.playbackState = 'playing'
  onPress('togglemicrophone', presses.toggleMicrophone)
  onPress('hangup', presses.hangUp)
  // A talk cannot be held back; without these, a headset's button would silence the tutor and leave the talk open.
  onPress('play', () => undefined)
  onPress('pause', () => undefined)
  return () => {
    session.metadata = null
    session.playbackState = 'none'
    for (const action of ['togglemicrophone', 'hangup', 'play', 'pause'] as const) {
      onPress(action, null)
    }
  }
}

export function announceMicrophone(live: boolean): void {
  const session: MicrophoneSession | undefined = mediaSession()
  void session?.setMicrophoneActive?.(live)?.catch(() => undefined)
}

interface MicrophoneSession {
  setMicrophoneActive?: (active: boolean) => Promise<void> | undefined
}

/** The actions of calls are younger than the session itself. */
function onPress(
  action: MediaSessionAction | 'togglemicrophone' | 'hangup',
  press: (() => void) | null,
): void {
  try {
    mediaSession()?.setActionHandler(action as MediaSessionAction, press)
  } catch {
    // This browser has no such press to offer.
  }
}

function mediaSession(): MediaSession | undefined {
  return navigator.mediaSession
}
