import { MicrophoneCheck } from '@/features/devices/microphone-check'
import { SettingsPage } from './settings-page'

/** What one speaks into and listens to, on this device. */
export function SoundPage() {
  return (
    <SettingsPage section="sound">
      <div className="pt-3">
        <MicrophoneCheck />
      </div>
    </SettingsPage>
  )
}
