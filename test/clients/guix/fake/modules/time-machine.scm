;;; Reads a channels file as Guix would, and refuses what was not signed by the right key.
(use-modules (guix channels) (ice-9 rdelim) (srfi srfi-1))

(define channels (primitive-load (cadr (command-line))))

(define (refuse . words)
  (format (current-error-port) "guix time-machine: error: ~a~%" (string-concatenate words))
  (exit 1))

(define settings
  (call-with-input-file (string-append (getenv "HOME") "/.gitconfig") read-string))

(format (current-error-port) "Updating channel 'guix' from Git repository...~%")
(for-each
 (lambda (channel)
   (unless (string-contains settings (string-append "insteadOf = \"" (channel-url channel) "\""))
     (refuse "Git error: failed to resolve address for " (channel-url channel)))
   (let ((signer (introduction-signer (channel-introduction channel))))
     (when (and signer (not (string-prefix? "BBBB" signer)))
       (refuse "initial commit " (channel-commit channel)
               " of channel '" (symbol->string (channel-name channel))
               "' is not signed by an authorized key: " signer))))
 channels)

;; Of a real repository its commit must be there, though neither network nor its own place are.
;; A clone that is there already is fetched anew.
(define (git . words)
  (zero? (apply system* "git" "-c" "safe.directory=*" words)))

(define checkouts (string-append (getenv "XDG_CACHE_HOME") "/guix/checkouts/"))

(for-each
 (lambda (channel)
   (when (string-prefix? "file://" (channel-url channel))
     (let ((clone (string-append checkouts (number->string (string-hash (channel-url channel))))))
       (unless (and (if (file-exists? clone)
                        (begin
                          (format (current-error-port) "updating ~a~%" (channel-name channel))
                          (git "-C" clone "fetch" "--quiet" "origin"))
                        (git "clone" "--quiet" "--mirror" (channel-url channel) clone))
                    (git "-C" clone "cat-file" "-e" (channel-commit channel)))
         (refuse "Git error: cannot fetch " (channel-url channel))))))
 channels)

;; What time-machine remembers is written below the cache, and nowhere else.
(call-with-output-file (string-append (getenv "XDG_CACHE_HOME") "/made")
  (lambda (port) (display (length channels) port)))
