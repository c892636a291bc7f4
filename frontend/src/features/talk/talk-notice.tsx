/** One line that something beside the talk has changed, and at most one thing to do about it. */
export interface TalkNoticeWords {
  text: string
  action?: { name: string; act: () => void }
}

/** Where such a line stands: above the voice, which makes room for it. */
export function TalkNotice({ notice }: { notice: TalkNoticeWords | null }) {
  return (
    <div className="talk-notice" role="status">
      {notice !== null && (
        <div className="flex max-w-120 flex-wrap items-center justify-center gap-x-3 rounded-field border border-line bg-raised px-4 py-0.5 text-base text-ink">
          <span className="py-1">{notice.text}</span>
          {notice.action !== undefined && (
            <button
              type="button"
              className="min-h-11 rounded-small px-2 font-medium underline underline-offset-4"
              onClick={notice.action.act}
            >
              {notice.action.name}
            </button>
          )}
        </div>
      )}
    </div>
  )
}
